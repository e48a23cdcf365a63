"""Pure rules that more than one service needs; nothing here does I/O."""
