import { Tokenizer } from 'ai-tokenizer'
// By name: the half of the data that turns tokens back into text then stays out of the executable, and out of memory.
import { binaryEncoder, name, pat_str, special_tokens, stringEncoder } from 'ai-tokenizer/encoding/claude'

export const pattern = pat_str

/** Claude's published vocabulary, for counting alone. Loading this file costs about 0.1 s and 15 MB: import it late. */
export const openVocabulary = (mergesRemembered: number): Tokenizer =>
  new Tokenizer(
    { name, pat_str, special_tokens, stringEncoder, binaryEncoder, decoder: {} },
    undefined,
    mergesRemembered,
  )
