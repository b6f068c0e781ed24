"""What the field side costs and how punctual it is: figures, on loopback, against played devices in a process apart."""
