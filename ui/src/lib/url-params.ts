/** One value in the address bar. `write` gives undefined for what need not stand there. */
export type Param<T> = { read(text: string | undefined): T; write(value: T): string | undefined }

export const textParam: Param<string> = {
  read: (text) => text ?? '',
  write: (value) => value || undefined,
}

/** Several words by comma; those that are not known are dropped. */
export const listParam = <Word extends string = string>(known?: readonly Word[]): Param<readonly Word[]> => ({
  read: (text) => {
    const words = (text ?? '').split(',').filter((word) => word !== '') as Word[]
    return known ? words.filter((word) => known.includes(word)) : words
  },
  write: (words) => (words.length === 0 ? undefined : words.join(',')),
})

/** One of a few words. */
export const choiceParam = <Word extends string>(known: readonly Word[], usual: Word): Param<Word> => ({
  read: (text) => known.find((word) => word === text) ?? usual,
  write: (word) => (word === usual ? undefined : word),
})

/** A whole number from `least` on. */
export const numberParam = (usual: number, least = 1): Param<number> => ({
  read: (text) => {
    const number = Number(text ?? Number.NaN)
    return Number.isInteger(number) && number >= least ? number : usual
  },
  write: (number) => (number === usual ? undefined : String(number)),
})

export const flagParam: Param<boolean> = {
  read: (text) => text === '1' || text === 'true',
  write: (on) => (on ? '1' : undefined),
}
