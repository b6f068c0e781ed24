"""What processes, peers and the HMI exchange: messages, values as text and JSON, endpoints, clients.

Invariant: nothing here knows the process image; a client needs no file of the controller but its run directory.
"""
