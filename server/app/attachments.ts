import { networkInterfaces } from 'node:os'
import { createAttachmentReader, ownReaderCommand } from '../documents/child.ts'
import { createDocuments, type Documents } from '../documents/extract.ts'
import { isPublicAddress } from '../documents/public-address.ts'
import { createRemote } from '../documents/remote.ts'
import { type Effects, lookUpHost } from '../lib/effects.ts'
import type { WatchMemory } from '../lib/watch-memory.ts'

type Deps = {
  /** Requests leave by the way set for the whole gateway. */
  readonly effects: Effects
  /** Whether callers may have addresses fetched. */
  readonly mayFetch: () => boolean
  readonly version: string
  readonly memory: WatchMemory
}

/** Documents and images of the callers' requests, read in processes of their own. */
export function createAttachments({ effects, mayFetch, version, memory }: Deps): Documents {
  return createDocuments({
    memory,
    reader: createAttachmentReader(ownReaderCommand()),
    fetchAttachment: createRemote({
      effects,
      lookUp: lookUpHost,
      isPublic: (address) => isPublicAddress(address) && !isOwn(address),
      isAllowed: mayFetch,
      userAgent: `claude-server/${version}`,
      memory,
    }),
  })
}

/** What listens on this machine may trust it, also where its number is a public one. */
const isOwn = (address: string): boolean =>
  Object.values(networkInterfaces()).some((own) => own?.some((one) => one.address === address))
