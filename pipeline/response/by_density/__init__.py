"""Response and survival against receptor density as a continuous number, without a cut chosen beforehand."""
