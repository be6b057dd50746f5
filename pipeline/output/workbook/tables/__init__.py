"""The tables of rd.xlsx: what is quoted first, models and response, notes, the legend of them all."""
