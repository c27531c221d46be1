import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { generate } from 'selfsigned'

/** Files of a CA made for one run and of a server certificate for 127.0.0.1 that it signed. */
export type Certificate = { readonly caFile: string; readonly certFile: string; readonly keyFile: string }

export async function makeCertificate(folder: string): Promise<Certificate> {
  const ca = await generate([{ name: 'commonName', value: 'bench CA' }], {
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keySize: 2048,
    algorithm: 'sha256',
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  })
  const save = (name: string, text: string): string => {
    const file = path.join(folder, name)
    writeFileSync(file, text)
    return file
  }
  return {
    caFile: save('ca.pem', ca.cert),
    certFile: save('server.pem', server.cert),
    keyFile: save('server.key', server.private),
  }
}
