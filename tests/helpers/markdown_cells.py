"""The cells of Markdown tables."""


def row_cells(line):
    """Return the cells of one line of a table."""
    return [cell.strip() for cell in line.strip('|').split('|')]


def table_cells(text):
    """Return the cells of each line of a table."""
    return [row_cells(line) for line in text.splitlines()]
