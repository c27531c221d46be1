/** One server-sent event. Line breaks inside `data` become further data lines; `event` must be a single line. */
export function sseFrame(data: string, event?: string): string {
  const lines = /[\r\n]/.test(data) ? data.split(/\r\n|\r|\n/).join('\ndata: ') : data
  return event === undefined ? `data: ${lines}\n\n` : `event: ${event}\ndata: ${lines}\n\n`
}

/** A comment that clients skip; keeps an idle stream alive. */
export function sseComment(text: string): string {
  return `: ${text.replace(/[\r\n]+/g, ' ')}\n\n`
}
