/** What every database keeps as it is: no NUL, which ends a text in some, and no half of a surrogate pair, which none can write. */
export const isSoundText = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** The first `most` UTF-16 units, or one less where that would cut a character in two. */
export const cutText = (text: string, most: number): string =>
  text.length > most ? text.slice(0, most).replace(/[\ud800-\udbff]$/, '') : text
