"""Tables beyond the median: the cells of a tube, the changes of a patient, tubes without a density."""
