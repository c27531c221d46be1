import { expect, test } from 'bun:test'
import { type AddPlan, planAdd } from '../../server/cli/add-plan.ts'

const client = { 'client-id': 'id', 'client-secret-file': 'secret.txt' }
const company = { 'start-url': 'https://acme.awsapps.com/start', region: 'eu-central-1' }

test.each<[string, Record<string, string | boolean>, AddPlan]>([
  ['nothing', {}, { from: 'device' }],
  ['--json alone', { json: true }, { from: 'device' }],
  ['a label', { label: ' 一号 ' }, { from: 'device', label: '一号' }],
  ['a company', company, { from: 'device', startUrl: company['start-url'], region: company.region }],
  ['a file', { import: 'a.json', label: 'x' }, { from: 'file', file: 'a.json', label: 'x' }],
  ['an API key', { 'api-key-stdin': true, region: 'us-east-1' }, { from: 'api-key', region: 'us-east-1' }],
  ['a switch that is off', { 'api-key-stdin': false, label: 'x' }, { from: 'device', label: 'x' }],
  ['a social token', { 'refresh-token-stdin': true }, { from: 'refresh-token' }],
  [
    'a company’s token from a file',
    { 'refresh-token-file': 't', ...client, ...company },
    {
      from: 'refresh-token',
      file: 't',
      client: { id: 'id', secretFile: 'secret.txt' },
      startUrl: company['start-url'],
      region: company.region,
    },
  ],
])('account add takes %s', (_, options, plan) => {
  expect(planAdd(options)).toEqual({ ok: true, value: plan })
})

test.each<[string, Record<string, string | boolean>, string]>([
  ['two sources, one a switch', { import: 'a', local: true }, '--import and --local exclude each other'],
  ['a label for whatever is found', { local: true, label: 'x' }, '--label does not go with --local'],
  ['two sources', { import: 'a', 'api-key-stdin': true }, '--import and --api-key-stdin exclude each other'],
  ['two token sources', { 'refresh-token-file': 'a', 'refresh-token-stdin': true }, 'exclude each other'],
  ['a start URL without region', { 'start-url': 'https://x.example' }, '--start-url needs --region'],
  ['a region without start URL', { region: 'eu-west-1' }, '--region needs --start-url'],
  ['a client id alone', { 'refresh-token-stdin': true, 'client-id': 'x' }, 'go together'],
  ['a client secret alone', { 'refresh-token-stdin': true, 'client-secret-file': 'x' }, 'go together'],
  ['a client without a token', client, '--client-id does not go with a sign-in by browser'],
  ['a profile with a sign-in', { 'profile-arn': 'arn' }, '--profile-arn does not go with a sign-in by browser'],
  ['a region with a file', { import: 'a', region: 'us-east-1' }, '--region does not go with --import'],
  ['a start URL with an API key', { 'api-key-stdin': true, ...company }, 'does not go with --api-key-stdin'],
  ['a start URL with a social token', { 'refresh-token-stdin': true, ...company }, '--start-url needs --client-id'],
])('account add refuses %s as a usage error', (_, options, message) => {
  expect(planAdd(options)).toMatchObject({
    ok: false,
    error: { exitCode: 2, message: expect.stringContaining(message) },
  })
})
