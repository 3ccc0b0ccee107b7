/**
 * What stands where a value should: a word of a tool for "nothing", a ciphertext, a reference that somebody else was to
 * resolve, or a placeholder of a template. The one list of them; tests/unit/stand-ins.test.ts holds it against values
 * that are real.
 */

/** What can stand there, each as the predicate of a sentence: `DB_HOST is still encrypted`. */
interface Family {
  readonly says: string;
  readonly patterns: readonly RegExp[];
  /** Keys in which such a value is meant. */
  readonly exceptIn?: RegExp;
}

const encrypted: Family = {
  says: 'is still encrypted',
  patterns: [
    /^encrypted:/i,
    // sops and eyaml; Jasypt.
    /^ENC\[.*\]$/s,
    /^ENC\(.+\)$/s,
    /^\$ANSIBLE_VAULT;/,
    /^-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----/,
    // Vault's transit engine; a ciphertext of KMS.
    /^vault:v\d+:\S/,
    /^AQICAH[A-Za-z0-9+/=]{60,}$/,
  ],
};

const reference: Family = {
  says: 'holds a reference that nobody has resolved',
  patterns: [
    /^\$\{[^{}]*\}$/,
    /^\$\(.+\)$/s,
    /^#\{[^{}]*\}$/,
    /^%[A-Z_][A-Z0-9_]*%$/i,
    /^ssm:\/{0,3}[\w.-]/,
    /^(?:secretsmanager|awssm|awsps|gcpsm|akv|azurekeyvault|infisical|doppler|ref\+[a-z0-9]+):\/{0,3}[\w.-]/i,
    // But not a host with its port.
    /^vault:(?!\d+(?:\/|$))\/{0,3}[\w.-]/,
    /^(?:op|bws|keeper):\/\/\S/,
    /^@Microsoft\.KeyVault\(/i,
  ],
};

/** Some programs resolve such an ARN themselves, and say so in the name of the key. */
const secretArn: Family = {
  says: reference.says,
  patterns: [/^arn:aws(?:-[a-z-]+)?:(?:secretsmanager|ssm):/],
  exceptIn: /ARN|_ID$|_NAME$|PARAM/i,
};

/** What the keys of well-known services begin with. */
const servicePrefix =
  /(?:(?:sk|pk|rk)_(?:test|live)_|sk-(?:proj-|ant-)?|whsec_|ghp_|xox[abp]-|G-|UA-|GTM-|AKIA|AIza|SG\.)/;

/** What a template calls yours in one word. */
const yourThings =
  'password|secret|key|token|domain|api|host|user|email|name|here|company|org|project|account|server|site|bucket|database|db';

/** Keys whose own name can be no value of theirs. That of a key in a cache can. */
const namedByKey = /_(?:PASSWORD|PASS|SECRET|TOKEN|URL|URI|DSN|HOST|PORT)$/;

const placeholder: Family = {
  says: "holds a template's placeholder",
  patterns: [
    // Anchored, so that each of many opening braces is not a new start.
    /^(?:(?!\{\{).)*\{\{.*\}\}/s,
    /^[<＜【][^<>＜＞【】]*[>＞】]$/,
    // But not a domain that begins like that, such as that of a host called yourhosting.
    new RegExp(
      `(?:^|[/@:=])(?:(?:enter|insert|put|paste|add|set|use)[-_ ])?(?:in[-_ ])?your(?:[-_ ]{1,2}[a-z0-9]|@|(?:${yourThings})+(?![a-z]))`,
      'i',
    ),
    /^[a-z]{2,4}_your_(?:[a-z0-9]+_)*(?:id|key|secret|token|password)$/i,
    /^(?:insert|put|paste|enter|add|fill|set|my|the|some|secret|token|key|api|password)[-_ ].*[-_ ]here$/i,
    /^(?:[a-z0-9]+[-_ ])+(?:name|key|id|token|secret|password|value|url|host|user|email)[-_ ]here$/i,
    /^generate[-_ ](?:me|it|this|one|(?:an?|your)[-_ ](?:[a-z0-9]+[-_ ])*(?:key|secret|token|password|string|value))$/i,
    /^(?:some|an?)[-_ ]?random[-_ ]?(?:string|secret|key|token|password|value)|^random[-_ ]?string$/i,
    /^(?:[a-z]:)?[\\/]path[\\/]to[\\/]/i,
    /(?:^|[-_ :/@])change[-_ ]?(?:me|this|it)(?![a-z])/i,
    /(?:^|[-_ :/@])replace[-_ ]?(?:me|this|it|with|in)(?![a-z])/i,
    /^(?:TODO|FIXME|TBD|TBC)(?:[^A-Za-z0-9]|$)/,
    /^(?:placeholder|fill[-_ ]?(?:me|in|this)(?:[-_ ].*)?|to[-_ ]be[-_ ](?:set|defined|filled|replaced).*)$/i,
    /^[-_. ]*x{3}[-_. x]*$/i,
    /^x(?:[-_. ]*x){3,}$/i,
    /x{6}/i,
    /\/\/x{3,}[:@]/i,
    /^\*{3,}$/,
    /^\S*(?:\.{3}|…)$/,
    new RegExp(
      `^${servicePrefix.source}(?:x{3}|\\*{3}|1234567890|abc123|your|replace|placeholder|example|key$|secret$)`,
      'i',
    ),
    // The values of AWS's own documentation.
    /^(?:AKIA|ASIA)[A-Z0-9]*EXAMPLE$/,
    /EXAMPLEKEY$/,
    /^example[-_](?:key|secret|token|password|value|api)/i,
  ],
};

const families: readonly Family[] = [encrypted, placeholder, reference, secretArn];

/** What tools write for "nothing". Other spellings, such as `none`, are values that people mean. */
const nothing = new Set([
  'None',
  'null',
  'NULL',
  'undefined',
  'nil',
  '<nil>',
  '(null)',
  'NaN',
  '[object Object]',
]);

/**
 * What stands where the value of a key should.
 *
 * @returns the predicate of a sentence about the key, without the value; `undefined` if it looks like a value.
 */
export function standInOf(key: string, value: string): string | undefined {
  // Some readers keep quotes.
  const text = value
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim();
  if (nothing.has(text)) return `holds ${text}, which is no value`;
  if (text === key && namedByKey.test(key)) return placeholder.says;
  return families.find(
    ({ patterns, exceptIn }) => !exceptIn?.test(key) && patterns.some((pattern) => pattern.test(text)),
  )?.says;
}
