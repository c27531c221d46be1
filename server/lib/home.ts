import { homedir } from 'node:os'

/** The person's own folder. `/` for a user the system does not know, as in a container: that is what they are given there. */
export function homeFolder(read: () => string = homedir): string {
  try {
    return read()
  } catch {
    return '/'
  }
}
