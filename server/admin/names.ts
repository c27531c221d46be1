import type { Store } from '../store/store.ts'
import type { Names } from './log-view.ts'

/** Who stands behind the ids of the request log, read anew for each answer. */
export function createNames({ settings }: Pick<Store, 'settings'>): () => Promise<Names> {
  return async () => {
    const { owner_key_id: ownerKeyId } = await settings.all()
    return { ...(ownerKeyId === undefined ? {} : { ownerKeyId }), user: () => undefined }
  }
}
