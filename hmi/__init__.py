"""The terminal console of a controller. It reaches runtime.wire and runtime.core, nothing else."""
