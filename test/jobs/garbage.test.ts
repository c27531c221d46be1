import { expect, test } from 'bun:test'
import { garbageJob } from '../../server/jobs/garbage.ts'

const mb = 1024 * 1024

function setUp() {
  const heap = { bytes: 30 * mb, isBusy: false, collected: 0 }
  const job = garbageJob({
    heapBytes: () => heap.bytes,
    collect: () => {
      heap.collected++
      heap.bytes = 35 * mb
    },
    isBusy: () => heap.isBusy,
  })
  const look = (): Promise<void> => job.run(new AbortController().signal)
  return { heap, look }
}

test('garbage is collected once there is enough of it, and again when as much has come anew', async () => {
  const { heap, look } = setUp()
  heap.bytes = 45 * mb
  await look()
  expect(heap.collected).toBe(0)
  heap.bytes = 47 * mb
  await look()
  await look()
  expect(heap.collected).toBe(1)
  heap.bytes = 52 * mb
  await look()
  expect(heap.collected).toBe(2)
})

test('while somebody waits for an answer nothing is collected', async () => {
  const { heap, look } = setUp()
  heap.bytes = 200 * mb
  heap.isBusy = true
  await look()
  expect(heap.collected).toBe(0)
  heap.isBusy = false
  await look()
  expect(heap.collected).toBe(1)
})

test('what the runtime has collected by itself is not collected again', async () => {
  const { heap, look } = setUp()
  heap.bytes = 20 * mb
  await look()
  heap.bytes = 35 * mb
  await look()
  expect(heap.collected).toBe(0)
  heap.bytes = 37 * mb
  await look()
  expect(heap.collected).toBe(1)
})
