"""Pure rules by which a mapping and a unique id are proposed."""
