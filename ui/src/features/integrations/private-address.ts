/** Whether servers elsewhere cannot reach an address: this machine, its network, or a name that only its network knows. */
export function isPrivateHost(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
  const ipv4 = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(name)
  if (ipv4) {
    const [first, second] = [Number(ipv4[1]), Number(ipv4[2])]
    if ([0, 10, 127].includes(first)) return true
    if (first === 100) return second >= 64 && second < 128
    if (first === 172) return second >= 16 && second < 32
    return (first === 169 && second === 254) || (first === 192 && second === 168)
  }
  if (name.includes(':')) {
    const mapped = /^::ffff:([\d.]+)$/.exec(name)?.[1]
    return mapped === undefined ? /^(::1?$|f[cd]|fe[89ab])/.test(name) : isPrivateHost(mapped)
  }
  return (
    !name.includes('.') || /\.(localhost|local|lan|home|internal|intranet|corp|home\.arpa|test|invalid)$/.test(name)
  )
}
