export const en = {
  'handOver.title': 'Your API key',
  'handOver.ready': 'A key for {product} is ready for you.',
  'handOver.readyNamed': '{user}, a key for {product} is ready for you.',
  'handOver.once':
    'It can be shown only once, to whoever opens it first. Have a safe place for it ready, such as a password manager.',
  'handOver.until': 'This link works until {time}.',
  'handOver.reveal': 'Show the key',
  'handOver.revealFailed': 'The key could not be shown.',
  'handOver.key': 'Your key',
  'handOver.saveNow': 'Copy the key now. It cannot be shown again, not even by whoever sent you the link.',
  'handOver.addresses': 'Addresses for your client',
  'handOver.openai': 'OpenAI clients',
  'handOver.anthropic': 'Anthropic clients',
  'handOver.missing':
    'This address has no link in it. Open the link as it was sent to you, with everything behind the #.',
  'handOver.leave': 'You can close this page once the key is saved.',
} as const
