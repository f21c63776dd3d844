import { strict as assert } from 'node:assert';
import { secretIn, withoutSecrets } from '../../../src/core/environment/index.ts';

const HEX = `${'8f3a1c9e7b2d4f6a0c5e'}${'9d1b3f7a2c4e6d8b0f1a'}`;
const JWT = `${'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N`;
/** The example of AWS's own documents. */
const AWS = `wJalrXUtnFEMI/K7MDENG/${'bPxRfiCYEXAMPLEKEY'}`;

/** A line, and what of it must not be left. */
const TAKEN: readonly (readonly [line: string, secret: string])[] = [
  [`wandb login ${HEX}`, HEX],
  [`wandb login --relogin ${HEX}`, HEX],
  [`wandb.login("${HEX}")`, HEX],
  [`python train.py --wandb_api_key ${HEX}`, HEX],
  [`python train.py --api-key=${HEX}`, HEX],
  [`ARGS=--wandb_key=${HEX} ./run.sh`, HEX],
  [`ENV WANDB_API_KEY ${HEX}`, HEX],
  [`os.environ.setdefault("WANDB_API_KEY", "${HEX}")`, HEX],
  [`key = os.environ.get('WANDB_API_KEY', '${HEX}')`, HEX],
  [`parser.add_argument("--wandb_key", default="${HEX}")`, HEX],
  [`parser.add_argument("--wandb_key", type=str, default="${HEX}", help="x")`, HEX],
  [`WANDB_API_KEY: str = "${HEX}"`, HEX],
  [`api_key: Optional[str] = "${HEX}"`, HEX],
  [`api_key: Annotated[str, "x"] = "${HEX}"`, HEX],
  [`api_key: str | None = "${HEX}"`, HEX],
  [`api_key: str = Field(default="${HEX}")`, HEX],
  [`api_key = Field("${HEX}")`, HEX],
  [`api_key = os.getenv("X") or "${HEX}"`, HEX],
  [`api_key = ("${HEX}")`, HEX],
  [`client.set_token("${HEX}")`, HEX],
  [`token = b"${HEX}"`, HEX],
  [`"{\\"token\\": \\"${HEX}\\"}"`, HEX],
  [`HFToken := "${HEX}"`, HEX],
  [`curl -H 'Authorization: Bearer ${HEX}' x`, HEX],
  [`headers = {"Authorization": "Bearer ${HEX}"}`, HEX],
  [`headers = {"Authorization": "Bearer ${JWT}"}`, JWT],
  [`token = "${JWT}"`, JWT],
  [`aws_secret_access_key = ${AWS}`, AWS],
  [`{"auths": {"ghcr.io": {"auth": "${'dXNlcjpnaHBfYWJj'}ZGVmZ2hpamtsbW5vcA=="}}}`, 'ZGVmZ2hp'],
  [`url = "https://hooks.slack.com/services/T00000000/B00000000/${'X'.repeat(24)}"`, 'XXXX'],
  [`bot("110201543:${'AAHdqTcvCH1vGWJx'}fSeofSAs0K5PALDsaw")`, 'AAHdq'],
  [`GITLAB_TOKEN=${'glpat-'}xxYz12AbCdEf34GhIj56`, 'xxYz12'],
  ['postgresql://admin:Xk29fLpQ8z@db.example.com/prod', 'Xk29'],
  ['redis://:hunter2@localhost:6379', 'hunter2'],
  ['password: "Tr0ub4dor&3"', 'Tr0ub4dor'],
  ['db_password = "S3cr3t!2024"', 'S3cr3t'],
  ["connect(user='me', password='correcthorse')", 'correcthorse'],
  ['dbPassword: str = "letmein!"', 'letmein'],
  ['os.environ["DB_PASSWORD"] = "hunter2"', 'hunter2'],
  ['os.environ.setdefault("DB_PASSWORD", "hunter2")', 'hunter2'],
  ['p.add_argument("--password", type=str, default="hunter2")', 'hunter2'],
  ['password: str = Field(default="hunter2")', 'hunter2'],
  ['PGPASSWORD="hunter2" psql', 'hunter2'],
  ['export PGPASSWORD=hunter2', 'hunter2'],
  ['password: hunter2', 'hunter2'],
  ['  passwd: Tr0ub4dor&3  # mine', 'Tr0ub4dor'],
  ['DB_PASSWORD=hunter2 python train.py', 'hunter2'],
  ['./fetch --password hunter2 --all', 'hunter2'],
];

const INNOCENT = [
  'token_count = 1234567890123456789012',
  'token_ids: list[int] = field(default_factory=list)',
  'tokenizer_name = "EleutherAI/pythia-160m-deduped"',
  'model_key = "transformers/LlamaForCausalLM-7b-hf"',
  'cache_key = "layer_0_attention_weights_v2"',
  'key: str = "model_layers_0_self_attention"',
  'sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"',
  'the key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b of the cache',
  'image: docker://pytorch:2.4@sha256:9f86d081884c7d659a2feaa0c55ad015',
  'author = "Somebody_With_A_Very_Long_Name_1"',
  'parser.add_argument("--key", type=str, default="hidden_layer_7_output_states")',
  'login(token=os.environ["HF_TOKEN"])',
  'headers = {"Authorization": f"Bearer {token}"}',
  'url = f"postgresql://{user}:{password}@{host}/{name}"',
  'url = "postgresql://$USER:$PASSWORD@db/prod"',
  'https://user:<password>@host',
  'tcp://localhost:29500',
  'git+ssh://git@github.com:org/repo.git',
  'at 12:30:45, eyJ is how such a token begins',
  'self.auth_grant = OAuth2AuthorizationCodeGrant(validator)',
  'module.X509WorkloadTokenReader = X509WorkloadTokenReader',
  'password = ""',
  'password = "<your password>"',
  'password = "changeme"',
  'password = "your_password"',
  'password = "xxxxxxxx"',
  'password = "********"',
  `password = "$\{DB_PASSWORD}"`,
  'password: "{{ db_password }}"',
  `password: $\{oc.env:DB_PASSWORD2}`,
  'password = os.environ["DB_PASSWORD"]',
  'password = os.environ.get("DB_PASSWORD", "")',
  'password = getpass.getpass("Password: ")',
  'password = read_password1(path)',
  'password=password1, user=user1)',
  'def login(user: str, password: str = "", host: str = "here"):',
  'def connect(password: str, user="admin1", host="db1.here"):',
  'password = os.getenv("DBPASS1")',
  'password: str = Field(default="", description="of_the_database_1")',
  'key = name_of("model_layers_0_attention_weights")',
  'password_env = "DB_PASSWORD"',
  'password_file = "/run/secrets/db_1"',
  'env: {"password": "DB_PASSWORD"}',
  'FIELDS = ("password", "email1", "token")',
  'fields = {"password": "string", "name": "string"}',
  'p.add_argument("--password", help="asked for where it is missing", default="")',
  'MAX_PASSWORD=1024',
  'bypass = "residual_connection_1"',
  'if kind == "password": ask("name")',
];

describe('a secret in a line', () => {
  for (const [line, secret] of TAKEN) {
    it(`is taken out of ${line.replaceAll(HEX, '<hex>').slice(0, 90)}`, () => {
      const { text, lines } = withoutSecrets(line);
      assert.ok(!text.includes(secret) && text.includes('[secret]'), text);
      assert.deepEqual(lines, [1]);
      assert.deepEqual(withoutSecrets(text), { text, lines: [] }, 'once, and then no more');
    });
  }

  it('leaves what stands around it', () => {
    const of = (line: string) => withoutSecrets(line).text;
    assert.equal(of(`WANDB_API_KEY=${HEX} python train.py --lr 3`), 'WANDB_API_KEY=[secret] python train.py --lr 3');
    assert.equal(of('f(password="pass1", word="pass1x")'), 'f(password="[secret]", word="pass1x")');
    assert.equal(of(`key = "${HEX}"  # ${HEX}`), 'key = "[secret]"  # [secret]');
    assert.equal(of('a://me:s3cret@b and c://me:s3cre7@d'), 'a://me:[secret]@b and c://me:[secret]@d');
  });

  it('is taken out whole where it lies across the pieces of a long line', () => {
    for (let at = 5_960; at < 8_040; at += 13) {
      const text = withoutSecrets(`${'x '.repeat(at / 2)} token = "${JWT}" ${'y '.repeat(5_000)}`).text;
      assert.match(text, /x {2}token = "\[secret\]" y/, `${at}`);
    }
  });

  for (const line of INNOCENT) {
    it(`is not seen in ${line}`, () => {
      assert.deepEqual(withoutSecrets(line), { text: line, lines: [] });
      assert.equal(secretIn(line), undefined);
    });
  }

  it('is looked for in time that grows as the line does', () => {
    const long = [
      'a',
      'password',
      'key.',
      'a-',
      ' ',
      '=',
      'token: a, ',
      '"key", ',
      'login -a ',
      '://a:',
      'eyJa',
      '\\"',
      'A_KEY ',
      'key: a[',
      'key: a(b, ',
      'key = a(b) ',
      '"key", default',
      'key: a | ',
    ];
    for (const piece of long) {
      const text = piece.repeat(200_000 / piece.length);
      const from = performance.now();
      withoutSecrets(text);
      assert.ok(performance.now() - from < 4_000, `${piece}: ${performance.now() - from} ms`);
    }
  });
});
