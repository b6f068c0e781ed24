"""The composition root: builds a controller from its site file and keeps its processes alive."""
