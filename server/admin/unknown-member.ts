/** A body has a member that its route does not know. */
export class UnknownMember extends Error {
  constructor(
    readonly member: string,
    readonly near?: string,
  ) {
    super()
  }
}
