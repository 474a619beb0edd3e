using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Tests.Sql;

/// <summary>A role whose two logins take turns: at no instant does a published password not open.</summary>
[Collection<SqlTests>]
public sealed class RotationTests(SqlPlatform sql)
{
    private const string Monthly = "privileges: { login: true }, rotation: { every: 720h }";
    private static readonly TimeSpan Month = TimeSpan.FromHours(721);

    [Fact]
    public async Task A_turn_hands_out_the_other_login_and_leaves_the_former_one_working_until_the_next()
    {
        var role = await MadeAsync("baker", Monthly);
        var first = await sql.SecretAsync("baker");
        Assert.Equal("baker_a", first["username"]);
        Assert.Equal("in", await LogInAsync(first));

        sql.Advance(Month);
        await sql.SettleAsync(role);
        var second = await sql.SecretAsync("baker");
        Assert.Equal(("baker_b", "baker_a"), (second["username"], second["formerUsername"]));
        Assert.NotEqual(first["password"], second["password"]);
        Assert.Equal(("in", "in"), (await LogInAsync(first), await LogInAsync(second)));

        sql.Advance(Month);
        await sql.SettleAsync(role);
        var third = await sql.SecretAsync("baker");
        Assert.Equal(("baker_a", "baker_b"), (third["username"], third["formerUsername"]));
        Assert.Equal(("28P01", "in", "in"), (await LogInAsync(first), await LogInAsync(second), await LogInAsync(third)));

        var status = (await sql.Host.FindAsync(role))!.At("status", "atProvider")!;
        Assert.Equal(("baker_a", "baker_b", third["rotatedAt"]), (status.Text("activeLogin"), status.Text("formerLogin"), status.Text("rotatedAt")));
        Assert.Equal(TimeSpan.FromHours(720), DateTimeOffset.Parse(status.Text("nextRotation"), null) - DateTimeOffset.Parse(third["rotatedAt"], null));
        Assert.Null((await sql.Host.FindAsync(role))!.At("status", "drift"));
    }

    [Fact]
    public async Task An_annotation_has_it_turn_at_once_and_only_once()
    {
        var role = await MadeAsync("smith", Monthly);
        await AnnotateAsync(role, sql.Now.UtcDateTime.ToString("o"));
        await sql.SettleAsync(role);
        Assert.Equal("smith_b", (await sql.SecretAsync("smith"))["username"]);

        await sql.SettleAsync(role);
        Assert.Equal("smith_b", (await sql.SecretAsync("smith"))["username"]);

        await AnnotateAsync(role, sql.Now.AddHours(2).UtcDateTime.ToString("o"));
        await sql.SettleAsync(role);
        Assert.Equal("smith_b", (await sql.SecretAsync("smith"))["username"]);
        sql.Advance(TimeSpan.FromHours(3));
        await sql.SettleAsync(role);
        Assert.Equal("smith_a", (await sql.SecretAsync("smith"))["username"]);

        await AnnotateAsync(role, "soon");
        await sql.SettleAsync(role);
        Assert.Equal("The annotation flagstone.dev/rotate-at is 'soon', which is no time. Write one such as 2026-01-31T22:00:00Z", (await sql.Host.FindAsync(role))!.FindCondition("Synced")!.Message);
    }

    [Fact]
    public async Task What_either_login_makes_belongs_to_the_role_and_serves_the_other()
    {
        var role = await MadeAsync("weaver", Monthly);
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", "loom", "owner: weaver"));
        await sql.Host.HasAsync(SqlPlatform.Key("databases", "loom"), "Ready");
        var first = await sql.SecretAsync("weaver");
        await LogInAsync(first, "CREATE TABLE cloth (id int); INSERT INTO cloth VALUES (7)", "loom");

        sql.Advance(Month);
        await sql.SettleAsync(role);
        var second = await sql.SecretAsync("weaver");

        Assert.Equal("7", await LogInAsync(second, "ALTER TABLE cloth ADD COLUMN hue text; SELECT id FROM cloth", "loom"));
        Assert.Equal("weaver", await SqlPlatform.AskAsync(sql.Own, "SELECT tableowner FROM pg_tables WHERE tablename = 'cloth'", "loom"));
        Assert.Equal("28P01", await SqlPlatform.LogInAsync(sql.Own, "weaver", second["password"]));
    }

    [Fact]
    public async Task A_role_that_begins_to_rotate_goes_on_with_the_login_that_it_had_until_the_second_turn()
    {
        var role = await MadeAsync("tailor", "privileges: { login: true }");
        var before = await sql.SecretAsync("tailor");
        await sql.Host.MutateAsync(role, d => d["spec"]!["forProvider"]!["rotation"] = new System.Text.Json.Nodes.JsonObject { ["every"] = "720h" });
        await sql.SettleAsync(role);
        var first = await sql.SecretAsync("tailor");
        Assert.Equal(("tailor", "tailor_a"), (before["username"], first["username"]));
        Assert.Equal(("in", "in"), (await LogInAsync(before), await LogInAsync(first)));

        sql.Advance(Month);
        await sql.SettleAsync(role);
        Assert.Equal(("28000", "in", "in"), (await LogInAsync(before), await LogInAsync(first), await LogInAsync(await sql.SecretAsync("tailor"))));

        // And back: the role itself is handed out again, and who has a login goes on.
        await sql.Host.MutateAsync(role, d => d["spec"]!["forProvider"]!.AsObject().Remove("rotation"));
        await sql.SettleAsync(role);
        var after = await sql.SecretAsync("tailor");
        Assert.Equal(("tailor", "in", "in"), (after["username"], await LogInAsync(after), await LogInAsync(first)));
        await sql.Host.DeleteAsync(role);
        await sql.Host.IsGoneAsync(role);
        Assert.Equal("0", await CountAsync("tailor"));
    }

    [Fact]
    public async Task A_claims_secret_follows_and_has_nothing_of_the_former_login()
    {
        await sql.Host.ApplyAsync("""
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata: { name: glazier, namespace: default }
            spec: { writeConnectionSecretToRef: { name: glazier } }
            """);
        var claim = await sql.Host.HasAsync(new ResourceKey(new KindId("postgresqlinstances", "platform.example.com"), "default", "glazier"), "Ready");
        var first = await sql.SecretAsync("glazier");
        var role = (await sql.Host.Store.ListAsync(new ListQuery(new KindId("roles", SqlPlatform.Group)), TestContext.Current.CancellationToken)).Items
            .Single(i => i.ToDocument().Label("crossplane.io/claim-name") == "glazier").Key;

        sql.Advance(Month);
        await sql.SettleAsync(role);

        var second = first;
        await sql.Host.WaitAsync("the claim's secret to follow", async () => (second = await sql.SecretAsync("glazier"))["username"] != first["username"]);
        Assert.Equal(("in", "in"), (await LogInAsync(first, database: first["database"]), await LogInAsync(second, database: second["database"])));
        Assert.Equal(["database", "endpoint", "password", "port", "username"], second.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(first["database"], claim.At("spec", "resourceRef").Text("name"));
    }

    [Fact]
    public async Task What_is_changed_at_the_logins_outside_is_found_and_put_back()
    {
        var role = await MadeAsync("potter", Monthly);
        sql.Advance(Month);
        await sql.SettleAsync(role);
        var secret = await sql.SecretAsync("potter");
        await SqlPlatform.RunAsync(sql.Own, "ALTER ROLE potter_a PASSWORD 'stolen'; ALTER ROLE potter_b RESET role; REVOKE potter FROM potter_b; ALTER ROLE potter LOGIN");

        await sql.SettleAsync(role);

        Assert.Equal(
            [
                "forProvider.rotation.group.login: false was true", "forProvider.rotation.a.password: \"(in the connection secret)\" was \"(hidden)\"",
                "forProvider.rotation.b.memberOf: \"potter\" was ", "forProvider.rotation.b.role: \"potter\" was ",
            ],
            await sql.DriftAsync(role));
        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Own, secret["formerUsername"], secret["formerPassword"]));
        Assert.Equal("potter", await LogInAsync(secret, "SELECT current_user"));
        Assert.Equal(secret, await sql.SecretAsync("potter"));
    }

    [Fact]
    public async Task A_role_that_goes_takes_its_logins_with_it_and_no_one_elses()
    {
        await SqlPlatform.RunAsync(sql.Own, "CREATE ROLE mason_b");
        var role = await MadeAsync("mason", Monthly);
        await SqlPlatform.RunAsync(sql.Own, "GRANT mason TO mason_b");
        sql.Advance(Month);
        await sql.Host.ReconcileAsync("managed", role);
        await sql.Host.ReconcileAsync("managed", role);
        Assert.Contains("has a role 'mason_b' that is no login of 'mason'. Rename or drop it, or set another external-name", await sql.SaysAsync(role, "mason_b"), StringComparison.Ordinal);
        Assert.Equal("in", await LogInAsync(await sql.SecretAsync("mason")));

        await sql.Host.DeleteAsync(role);
        await sql.Host.IsGoneAsync(role);

        Assert.Equal("mason_b", await SqlPlatform.AskAsync(sql.Own, "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname LIKE 'mason%'"));
    }

    [Fact]
    public async Task A_secret_that_was_deleted_gets_a_login_again_and_the_lost_passwords_open_no_more()
    {
        var role = await MadeAsync("miller", Monthly);
        sql.Advance(Month);
        await sql.SettleAsync(role);
        var lost = await sql.SecretAsync("miller");
        await sql.Host.DeleteAsync(new ResourceKey(new KindId("secrets", ""), "default", "miller"));

        await sql.SettleAsync(role);

        Assert.Equal("in", await LogInAsync(await sql.SecretAsync("miller")));
        Assert.Equal("28000", await LogInAsync(lost));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_turn_that_is_killed_at_any_step_goes_on_and_publishes_only_what_opens(bool verifiers)
    {
        var turn = await SqlTurns.StartAsync(sql, verifiers);
        await turn.StepAsync();
        await turn.StepAsync();
        var first = turn.Published;
        Assert.Equal("in", await turn.LogInAsync(first));

        sql.Advance(Month);
        await turn.StepAsync(killedBeforePublishing: true);
        Assert.Equal((first, "in"), (turn.Published, await turn.LogInAsync(first)));
        await turn.StepAsync();
        var prepared = turn.Secret["nextPassword"];
        Assert.Equal((first, "in"), (turn.Published, await turn.LogInAsync(first)));
        await turn.StepAsync(killedBeforePublishing: true);
        await turn.StepAsync(killedBeforePublishing: true);
        Assert.Equal((first, "in"), (turn.Published, await turn.LogInAsync(first)));
        Assert.Equal(prepared, turn.Secret["nextPassword"]);

        await turn.StepAsync();

        Assert.Equal(prepared, turn.Published.Password);
        Assert.NotEqual(first.Username, turn.Published.Username);
        Assert.Equal(("in", "in"), (await turn.LogInAsync(first), await turn.LogInAsync(turn.Published)));
        Assert.False(await turn.StepAsync(), "nothing is left to do");
    }

    [Fact]
    public async Task A_turn_that_is_called_off_halfway_leaves_the_former_login_as_it_was()
    {
        var turn = await SqlTurns.StartAsync(sql, verifiers: true);
        await turn.StepAsync();
        await turn.StepAsync();
        var first = turn.Published;
        sql.Advance(Month);
        await turn.StepAsync();
        await turn.StepAsync();
        var second = turn.Published;
        sql.Advance(Month);
        await turn.StepAsync();
        await turn.StepAsync(killedBeforePublishing: true);
        Assert.Equal("28P01", await turn.LogInAsync(first));

        turn.Every = "8760h";
        await turn.StepAsync();

        Assert.Equal(second, turn.Published);
        Assert.Equal(("in", "in"), (await turn.LogInAsync(first), await turn.LogInAsync(second)));
    }

    [Theory]
    [InlineData("rotation: { every: 5m }", "'5m' is no duration from 1h to 8784h. Write hours, such as 720h")]
    [InlineData("rotation: { every: monthly }", "'monthly' is no duration from 1h to 8784h. Write hours, such as 720h")]
    [InlineData("rotation: { every: 720h }, passwordSecretRef: { namespace: default, name: x, key: y }", "A password that is given by passwordSecretRef does not rotate. Take one of the two away")]
    public async Task A_rotation_that_makes_no_sense_is_refused(string forProvider, string says) =>
        Assert.Contains(says, await sql.Host.RefusalAsync(SqlPlatform.Manifest("Role", "senseless", forProvider)), StringComparison.Ordinal);

    [Fact]
    public async Task A_rotation_with_nowhere_to_publish_is_refused() => Assert.Contains(
        "There is no secret to publish the logins in. Name one in spec.writeConnectionSecretToRef",
        await sql.Host.RefusalAsync($"apiVersion: {SqlPlatform.Group}/v1alpha1\nkind: Role\nmetadata: {{ name: mute }}\nspec: {{ forProvider: {{ rotation: {{ every: 720h }} }} }}"),
        StringComparison.Ordinal);

    private async Task<ResourceKey> MadeAsync(string name, string forProvider)
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Role", name, forProvider));
        var key = SqlPlatform.Key("roles", name);
        await sql.Host.HasAsync(key, "Ready");
        return key;
    }

    private Task AnnotateAsync(ResourceKey role, string at) => sql.Host.MutateAsync(role, d => d.Annotate("flagstone.dev/rotate-at", at));

    private Task<string?> CountAsync(string name) => SqlPlatform.AskAsync(sql.Own, $"SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}%'");

    private Task<string?> LogInAsync(Dictionary<string, string> secret, string query = "SELECT 'in'", string database = "postgres") =>
        SqlPlatform.LogInAsync(sql.Own, secret["username"], secret["password"], query, database);
}
