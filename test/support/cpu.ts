/** Milliseconds of CPU this process has used: unlike the clock's, they do not grow while other programs have the cores. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
