// Tables and numbers in plain text.

/** Rows as lines: each column as wide as its widest cell, those of `left` flush left, the others right. */
export function columns(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    widths
      .map((width, column) =>
        left.includes(column) ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width),
      )
      .join('  ')
      .trimEnd(),
  )
}

/** A number of at most so many digits: 0.1234 of 0.12339. */
export const rounded = (value: number, digits: number): string => `${Number(value.toPrecision(digits))}`

/** A share in whole percent. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`
