import { acquireLock } from '../../server/store/lock.ts'

// Takes the lock, says so, and holds it until it is killed or its input ends.
const lock = acquireLock(process.argv[2] ?? '')
process.stdout.write(lock.ok ? 'mine\n' : `${lock.error.kind}\n`)
for await (const _ of Bun.stdin.stream()) {
  // nothing is expected
}
if (lock.ok) lock.value.release()
