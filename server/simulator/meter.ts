/**
 * What the simulator charges, by rules simple enough to check by hand:
 * a text has one token per 4 ASCII characters (rounded up) and one per other character; an image has 1,000;
 * a reply costs `rate × (input + 5 × output) / 50,000` credits; the window's percentage counts input and output.
 */
export function countTokens(text: string): number {
  let ascii = 0
  let other = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80) ascii++
    // The second half of a surrogate pair belongs to the character already counted.
    else if (code < 0xdc00 || code > 0xdfff) other++
  }
  return Math.ceil(ascii / 4) + other
}

export const imageTokens = 1000

export function creditsOf(rate: number, inputTokens: number, outputTokens: number): number {
  return (rate * (inputTokens + 5 * outputTokens)) / 50_000
}

/** 0-100 and more. */
export function windowPercent(inputTokens: number, outputTokens: number, windowTokens: number): number {
  return ((inputTokens + outputTokens) / windowTokens) * 100
}
