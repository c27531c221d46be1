/** A body or a query says one member twice; `names`: how. */
export class TwiceGiven extends Error {
  constructor(
    readonly names: readonly string[],
    readonly where: 'body' | 'query',
  ) {
    super()
  }
}

/** A body or a query has a member that its route does not know. */
export class UnknownMember extends Error {
  constructor(
    readonly member: string,
    readonly near?: string,
    readonly where: 'body' | 'query' = 'body',
  ) {
    super()
  }
}
