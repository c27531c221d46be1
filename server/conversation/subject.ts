/**
 * Something in a request, named by what does not change on its way through the rooms: so the member of the caller's own body
 * is found again when somebody has to be told of it, and nothing is kept for that while all goes well.
 */
export type Subject =
  /** `within`: the path inside its schema. */
  | {
      readonly kind: 'tool'
      readonly name: string
      readonly part: 'name' | 'description' | 'schema'
      readonly within?: readonly string[]
    }
  /** `occurrence` counts earlier calls with the same id, from 0. */
  | { readonly kind: 'call'; readonly id: string; readonly occurrence: number; readonly part: 'name' | 'input' | 'id' }
  | { readonly kind: 'result'; readonly callId: string }
  | { readonly kind: 'image'; readonly base64: string }
  | { readonly kind: 'text'; readonly text: string }
  /** The list of messages as a whole. */
  | { readonly kind: 'messages' }
  | { readonly kind: 'thinking' }

/** The path of a subject in the caller's own body and spelling: `messages.1.content.0`. Undefined where it does not stand in it. */
export type Locate = (subject: Subject) => string | undefined
