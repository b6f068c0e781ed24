"""Site maps: what one may say, loaded with all the profiles it names, and which points of its devices are used."""
