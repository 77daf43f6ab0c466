"""How electrons and photons lose energy and direction: formulas, and the tables made of them."""
