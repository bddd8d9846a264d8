"""Convert the weights of networks released for other frameworks. Imports only numpy."""
