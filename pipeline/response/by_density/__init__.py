"""Response and survival along receptor density as it is: no cut that was chosen before."""
