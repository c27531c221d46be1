/**
 * Claude's published vocabulary as it is kept: its tokens in the order of their ranks, each behind its length (two bytes, the
 * larger first), and the pattern that cuts a text into the pieces they are looked for in.
 */
export type PackedVocabulary = { readonly pattern: string; readonly packed: Uint8Array }

/**
 * Made of the package's own data, whose objects take some 20 MB. An executable has another file in the place of this one
 * (build.ts), which reads what this one made.
 */
export async function readVocabulary(): Promise<PackedVocabulary> {
  const { binaryEncoder, pat_str: pattern, stringEncoder } = await import('ai-tokenizer/encoding/claude')
  const tokens: Uint8Array[] = []
  const encoder = new TextEncoder()
  for (const [text, rank] of Object.entries(stringEncoder)) tokens[rank] = encoder.encode(text)
  for (const [bytes, rank] of binaryEncoder) tokens[rank] = Uint8Array.from(bytes)
  // The ranks of special tokens are holes here and passed over: no text spells them, and only the order counts.
  const parts = tokens.flatMap((token) => [Uint8Array.of(token.length >> 8, token.length & 255), token])
  return { pattern, packed: Buffer.concat(parts) }
}
