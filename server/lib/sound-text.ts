/** What every database keeps as it is: no NUL, which ends a text in some, and no half of a surrogate pair, which none can write. */
export const isSoundText = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** The first `most` UTF-16 units, or one less where that would cut a character in two. */
export const cutText = (text: string, most: number): string =>
  text.length > most ? text.slice(0, most).replace(/[\ud800-\udbff]$/, '') : text

// What moves a cursor or turns the direction of what follows shows another name than the one that is kept.
const hiddenInLine = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
const hiddenInText = /(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

/** What is shown as it is kept, on one line: a name. */
export const isShownLine = (text: string): boolean => !hiddenInLine.test(text)

/** The same of several lines. */
export const isShownText = (text: string): boolean => !hiddenInText.test(text)
