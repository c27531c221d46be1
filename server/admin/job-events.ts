import type { Effects } from '../lib/effects.ts'
import type { JobItem, JobView } from './contract/jobs.ts'
import type { EventHub } from './event-hub.ts'

const gatherMs = 100
const itemsOfOne = 200

/** Tells the hub how jobs go on: beginnings and ends at once, steps gathered, for a job may take thousands in a second. */
export function createJobEvents(
  hub: Pick<EventHub, 'publish'>,
  effects: Pick<Effects, 'after'>,
): (job: JobView, item?: JobItem) => void {
  const gathering = new Map<string, { view: JobView; readonly items: JobItem[]; readonly cancel: () => void }>()
  const tell = (id: string): void => {
    const gathered = gathering.get(id)
    if (gathered === undefined) return
    gathered.cancel()
    gathering.delete(id)
    hub.publish('jobs', 'job', { ...gathered.view, items: gathered.items })
  }
  return (view, item) => {
    const gathered = gathering.get(view.id) ?? {
      view,
      items: [],
      cancel: effects.after(gatherMs, () => tell(view.id)),
    }
    gathered.view = view
    if (item !== undefined && gathered.items.length < itemsOfOne) gathered.items.push(item)
    gathering.set(view.id, gathered)
    if (item === undefined) tell(view.id)
  }
}
