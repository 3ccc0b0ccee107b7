import { standInOf } from '../../env/stand-ins.ts';
import { realLookingValues } from '../support/real-looking-values.ts';

const placeholder = "holds a template's placeholder";
const reference = 'holds a reference that nobody has resolved';
const encrypted = 'is still encrypted';

describe('standInOf', () => {
  it.each([
    'None',
    'null',
    'NULL',
    'undefined',
    'nil',
    '<nil>',
    '(null)',
    'NaN',
    '[object Object]',
    '"null"',
    "'None'",
  ])('takes %s of a tool for no value, by name', (value) => {
    expect(standInOf('DB_HOST', value)).toMatch(/^holds \S.*, which is no value$/);
  });

  it.each([
    'encrypted:BKq0000000000000000000',
    'ENC[AES256_GCM,data:tYyR,iv:abc,tag:def,type:str]',
    'ENC[PKCS7,MIIBiQYJKoZIhvcNAQcDoIIBejCCAXYC]',
    'ENC(nrmZtkF7T0kjG/VodDvBw93Ct8EgjCA)',
    '$ANSIBLE_VAULT;1.1;AES256',
    '-----BEGIN PGP MESSAGE-----',
    'vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==',
    `AQICAHh${'a1B'.repeat(30)}`,
  ])('takes %s for still encrypted', (value) => {
    expect(standInOf('DB_PASSWORD', value)).toBe(encrypted);
  });

  it.each([
    '${DB_HOST}',
    '${DB_HOST:-localhost}',
    '"${DB_HOST}"',
    '$(cat /run/secrets/db)',
    '#{DbHost}',
    '%DB_HOST%',
    'ssm:/academy/db/host',
    'ssm:///academy/db/host',
    'secretsmanager:academy/db',
    'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:db-AbCdEf',
    'arn:aws-cn:ssm:cn-north-1:111122223333:parameter/db',
    'vault:secret/data/academy#db_password',
    'vault://secret/academy',
    'op://vault/item/password',
    'ref+awsssm://academy/db',
    '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/db)',
  ])('takes %s for a reference that nobody has resolved', (value) => {
    expect(standInOf('DB_PASSWORD', value)).toBe(reference);
  });

  it('leaves the ARN of a secret to a key that asks for one', () => {
    const arn = 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:db-AbCdEf';
    for (const key of ['DB_SECRET_ARN', 'DB_SECRET_ID', 'SECRET_NAME', 'SSM_PARAMETER'])
      expect([key, standInOf(key, arn)]).toEqual([key, undefined]);
  });

  it.each([
    '{{ DB_HOST }}',
    '{{resolve:ssm:/a/b}}',
    '<changeme>',
    '<your-host>',
    '"<changeme>"',
    'CHANGE_ME',
    'changeme',
    'your-secret-key',
    'your_api_key_here',
    'YOUR_API_KEY',
    'your-domain.com',
    'yourpassword',
    'your secret',
    'enter-your-key',
    'enter-yourkey',
    'insert_your_token_here',
    'postgres://user:your_password@localhost/db',
    'https://your-project.supabase.co',
    'insert-key-here',
    'api_key_goes_here',
    'sk_test_xxxxxxxxxxxx',
    'sk_test_...',
    'pk_live_your_key',
    'sk_test_1234567890',
    'G-XXXXXXXXXX',
    'UA-XXXXX-X',
    'change-this',
    'change-this-in-production',
    'changeit',
    'django_change_me',
    'change_me_please',
    'please-change-me',
    'replace-me',
    'replace_this_value',
    'PLEASE_REPLACE_WITH_A_REAL_KEY',
    'REPLACE_WITH_TOKEN',
    'replaceme',
    'xxxx',
    'XXXXXXXX',
    'xxxx-xxxx-xxxx',
    'sk-xxxx',
    'sk-xxxxxxxxxxxxxxxx',
    'ghp_xxxxxxxx',
    'xoxb-xxxx',
    'TODO',
    'TODO: ask ops',
    'FIXME',
    'TBD',
    'placeholder',
    'fill-me-in',
    'to-be-set',
    '***',
    '********',
    '...',
    'eyJhbGciOi...',
    'AKIAIOSFODNN7EXAMPLE',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'example-key',
    'your@email.com',
    'admin@yourcompany.com',
    'https://yourserver',
    'prj_your_project_id',
    'team_your_id',
    'bucket_name_here',
    'generate_me',
    'generate_a_new_key',
    'SomeRandomString',
    'SomeRandomStringOf32Chars',
    'some-random-secret-key',
    'randomstring',
    '【OTP Secret】',
    '＜비밀번호＞',
    'xx-xxxx-x',
    'https://xxx@xxx.ingest.sentry.io/xxx',
    '/path/to/ca.pem',
    'C:\\path\\to\\ca.pem',
  ])('takes %s for a placeholder', (value) => {
    expect(standInOf('SECRET_KEY', value)).toBe(placeholder);
  });

  it("takes the key's own name for a placeholder where it can be no value", () => {
    for (const key of ['DB_PASSWORD', 'JWT_SECRET', 'API_TOKEN', 'CLIENT_URL', 'DB_HOST', 'DB_PORT'])
      expect([key, standInOf(key, key)]).toEqual([key, placeholder]);
    for (const key of ['CACHE_KEY', 'ROLE_ADMIN', 'DB_USERNAME', 'HOST'])
      expect([key, standInOf(key, key)]).toEqual([key, undefined]);
    expect(standInOf('JWT_SECRET', 'jwt_secret')).toBeUndefined();
  });

  it('takes no real-looking value for a stand-in', () => {
    expect(realLookingValues.filter((value) => standInOf('SECRET_KEY', value) !== undefined)).toEqual([]);
  });

  it('names no value that could be a secret', () => {
    for (const value of ['encrypted:canary', '${canary}', 'your-canary', 'vault:canary/x'])
      expect(standInOf('A', value)).not.toContain('canary');
  });
});
