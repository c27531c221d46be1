/**
 * All of standard input. At a terminal: one line, asked for on standard error, typed unseen; `interrupt` is called for
 * Ctrl+C, which a terminal in this mode no longer turns into a signal.
 */
export function readInput(what: string, interrupt: () => void): Promise<string> {
  const { stdin, stderr } = process
  if (stdin.isTTY !== true) return Bun.stdin.text()
  stderr.write(`${what} (not shown; Enter ends it): `)
  return new Promise((resolve) => {
    let text = ''
    const end = (given: string): void => {
      stdin.off('data', take)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      resolve(given)
    }
    const take = (chunk: Buffer): void => {
      for (const sign of chunk.toString('utf8')) {
        const isEnd = sign === '\r' || sign === '\n' || sign === '\x04'
        if (sign === '\x03') interrupt()
        if (isEnd || sign === '\x03') {
          end(isEnd ? text : '')
          return
        }
        text = sign === '\x7f' || sign === '\b' ? text.slice(0, -1) : text + sign
      }
    }
    stdin.setRawMode(true)
    stdin.on('data', take)
    stdin.resume()
  })
}
