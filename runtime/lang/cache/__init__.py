"""What need not be compiled twice: applications by their sources, object code by application and target."""
