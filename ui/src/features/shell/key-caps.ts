/** "g a" -> ["G", "A"], "Shift+?" -> ["?"]: as they are written on the keys. */
export const keyCaps = (keys: string): readonly string[] =>
  keys.split(' ').map((press) => {
    const key = press.split('+').at(-1) ?? press
    return key.length === 1 ? key.toUpperCase() : key
  })
