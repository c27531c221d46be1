import { type Static, Type } from '@sinclair/typebox'

const text = Type.Optional(Type.String())
/** Pages of a list by a place in its order, not by a number. */
export const pageQuery = {
  limit: Type.Optional(Type.String({ description: 'rows, at most 500; default 100' })),
  cursor: Type.Optional(Type.String({ description: '`next_cursor` of the page before' })),
  sort: Type.Optional(Type.String({ description: 'a member; with - before it the largest first' })),
}
export const pagedQuery = { ...pageQuery, q: text }

export const nextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'for `cursor`: the page behind this one; null: there is none, or the page was asked for by number',
})

/** What a list has beside its rows when a page of it was asked for. */
export const pageMembers = {
  next_cursor: Type.Optional(nextCursor),
  counts: Type.Optional(Type.Record(Type.String(), Type.Integer())),
}

/** Done, and nothing more to say. */
export const Done = Type.Object({ success: Type.Boolean() })
export type Done = Static<typeof Done>

/** Done, in words for people. */
export const Told = Type.Object({ message: Type.String() })
export type Told = Static<typeof Told>
