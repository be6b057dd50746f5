"""One tube in, one result out: gates, receptor density, sentinels, exports."""
