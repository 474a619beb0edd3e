using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Providers.Sql;

namespace Flagstone.Provisioning.Tests.Sql;

/// <summary>What someone changes at the server is noted field by field, and mended.</summary>
[Collection<SqlTests>]
public sealed class SqlDriftTests(SqlPlatform sql)
{
    [Fact]
    public async Task Privileges_and_the_connection_limit_of_a_role_are_put_back()
    {
        var role = await MadeAsync("Role", "roles", "clerk", "privileges: { login: true, createDb: true }, connectionLimit: 7");
        await SqlPlatform.RunAsync(sql.Own, "ALTER ROLE clerk NOLOGIN NOCREATEDB SUPERUSER BYPASSRLS CONNECTION LIMIT 1");

        await sql.SettleAsync(role);

        Assert.Equal(
            "True True False False 7",
            await SqlPlatform.AskAsync(sql.Own, "SELECT concat_ws(' ', initcap(rolcanlogin::text), initcap(rolcreatedb::text), initcap(rolsuper::text), initcap(rolbypassrls::text), rolconnlimit) FROM pg_roles WHERE rolname = 'clerk'"));
        Assert.Equal(
            [
                "forProvider.privileges.login: true was false", "forProvider.privileges.superUser: false was true", "forProvider.privileges.createDb: true was false",
                "forProvider.privileges.bypassRls: false was true", "forProvider.connectionLimit: 7 was 1",
            ],
            await sql.DriftAsync(role));
    }

    [Fact]
    public async Task A_password_that_was_changed_outside_is_put_back_so_that_the_secret_opens_again()
    {
        var role = await MadeAsync("Role", "roles", "porter", "privileges: { login: true }");
        var secret = await sql.SecretAsync("porter");
        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Own, secret["username"], secret["password"]));
        await SqlPlatform.RunAsync(sql.Own, "ALTER ROLE porter PASSWORD 'stolen'");
        Assert.Equal("28P01", await SqlPlatform.LogInAsync(sql.Own, secret["username"], secret["password"]));

        await sql.SettleAsync(role);

        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Own, secret["username"], secret["password"]));
        Assert.Equal(secret["password"], (await sql.SecretAsync("porter"))["password"]);
        Assert.Equal(["""forProvider.password: "(in the connection secret)" was "(hidden)" """.Trim()], await sql.DriftAsync(role));
    }

    [Fact]
    public async Task A_password_that_a_secret_gives_is_the_roles_and_follows_the_secret()
    {
        await sql.Host.ApplyAsync(Given("first-password"));
        var role = await MadeAsync("Role", "roles", "guest", "privileges: { login: true }, passwordSecretRef: { namespace: default, name: given, key: word }");
        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Own, "guest", "first-password"));

        await sql.Host.ApplyAsync(Given("second-password"));
        await sql.SettleAsync(role);

        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Own, "guest", "second-password"));
        Assert.Equal("second-password", (await sql.SecretAsync("guest"))["password"]);
    }

    [Fact]
    public async Task A_role_without_a_secret_has_no_password_and_settles()
    {
        await sql.Host.ApplyAsync($$"""
            apiVersion: {{SqlPlatform.Group}}/v1alpha1
            kind: Role
            metadata: { name: readers }
            spec: { forProvider: {} }
            """);
        var role = SqlPlatform.Key("roles", "readers");

        Assert.True((await sql.Host.HasAsync(role, "Ready")).IsTrue("Synced"));

        Assert.Equal("True", await SqlPlatform.AskAsync(sql.Own, "SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'readers'"));
    }

    [Fact]
    public async Task Owner_connection_limit_and_openness_of_a_database_are_put_back()
    {
        await MadeAsync("Role", "roles", "librarian", "privileges: { login: true }");
        var database = await MadeAsync("Database", "databases", "library", "owner: librarian, connectionLimit: 9, allowConnections: true, encoding: utf-8");
        await SqlPlatform.RunAsync(sql.Own, "ALTER DATABASE library OWNER TO flagstone; ALTER DATABASE library CONNECTION LIMIT 1; ALTER DATABASE library ALLOW_CONNECTIONS false");

        await sql.SettleAsync(database);

        Assert.Equal("librarian 9 t", await SqlPlatform.AskAsync(
            sql.Own, "SELECT concat_ws(' ', pg_get_userbyid(datdba), datconnlimit, datallowconn) FROM pg_database WHERE datname = 'library'"));
        Assert.Equal(
            ["""forProvider.owner: "librarian" was "flagstone" """.Trim(), "forProvider.allowConnections: true was false", "forProvider.connectionLimit: 9 was 1"],
            await sql.DriftAsync(database));
    }

    [Fact]
    public async Task What_only_another_database_could_have_is_said_and_left()
    {
        var database = await MadeAsync("Database", "databases", "archive", "lcCollate: C.UTF-8");

        await sql.Host.MutateAsync(database, d => d["spec"]!["forProvider"]!["lcCollate"] = "sv_SE.UTF-8");
        await sql.SettleAsync(database);

        Assert.Equal(
            "spec.forProvider.lcCollate is \"C.UTF-8\" and should be \"sv_SE.UTF-8\"; it would have to be made anew, which is never done for you",
            (await sql.Host.FindAsync(database))!.FindCondition("Synced")!.Message);
    }

    [Fact]
    public async Task A_grant_that_was_taken_and_what_everyone_was_given_are_put_back()
    {
        await MadeAsync("Role", "roles", "cook", "privileges: { login: true }");
        await MadeAsync("Database", "databases", "kitchen", "");
        var grant = await MadeAsync("Grant", "grants", "cook-in-kitchen", "roleRef: { name: cook }, databaseRef: { name: kitchen }, privileges: [CONNECT, TEMP], revokePublicOnDb: true");
        await SqlPlatform.RunAsync(sql.Own, "REVOKE TEMPORARY ON DATABASE kitchen FROM cook; GRANT CONNECT ON DATABASE kitchen TO PUBLIC");

        await sql.SettleAsync(grant);

        Assert.Equal("t f", await SqlPlatform.AskAsync(
            sql.Own, "SELECT concat_ws(' ', has_database_privilege('cook', 'kitchen', 'TEMPORARY'), has_database_privilege('public', 'kitchen', 'CONNECT'))"));
        Assert.Equal(
            ["""forProvider.privileges: ["CONNECT","TEMPORARY"] was ["CONNECT"]""", "forProvider.revokePublicOnDb: true was false"], await sql.DriftAsync(grant));

        await sql.Host.DeleteAsync(grant);
        await sql.Host.IsGoneAsync(grant);
        Assert.Equal("False", await SqlPlatform.AskAsync(sql.Own, "SELECT has_database_privilege('cook', 'kitchen', 'CONNECT')"));
    }

    [Fact]
    public async Task A_difference_that_people_accepted_stays()
    {
        var role = await MadeAsync("Role", "roles", "tolerated", "privileges: { login: true }");
        await SqlPlatform.RunAsync(sql.Own, "ALTER ROLE tolerated CREATEDB PASSWORD 'shared'");
        await sql.Host.MutateAsync(role, d => d.Metadata()["annotations"]!["flagstone.dev/drift-excepted"] = """["forProvider.privileges.createDb", "forProvider.password"]""");

        await sql.SettleAsync(role);

        Assert.True((await sql.Host.FindAsync(role))!.IsTrue("Synced"));
        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Own, "tolerated", "shared"));
        Assert.Equal("True", await SqlPlatform.AskAsync(sql.Own, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'tolerated'"));
    }

    [Theory]
    [InlineData("Grant", "role: nobody", "It names no database. Set spec.forProvider.database, databaseRef or databaseSelector")]
    [InlineData("Grant", "roleRef: { name: unborn }, database: postgres", "role: roles.postgresql.sql.crossplane.io 'unborn' is not there")]
    [InlineData("Role", "passwordSecretRef: { namespace: default, name: unwritten, key: word }", "The secret default/unwritten, which passwordSecretRef names, has no key 'word' yet")]
    public async Task What_a_resource_lacks_is_said(string kind, string forProvider, string says)
    {
        var name = $"lacking-{kind.ToLowerInvariant()}-{forProvider.Length}";
        await sql.Host.ApplyAsync(SqlPlatform.Manifest(kind, name, forProvider));
        var key = SqlPlatform.Key(kind.ToLowerInvariant() + "s", name);

        await sql.SaysAsync(key, says);

        await sql.Host.DeleteAsync(key);
        await sql.Host.IsGoneAsync(key);
    }

    [Fact]
    public async Task A_name_that_PostgreSQL_would_cut_is_refused()
    {
        var name = new string('n', SqlText.MaxNameBytes + 1);
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", name, ""));

        await sql.SaysAsync(SqlPlatform.Key("databases", name), "is longer than the 63 bytes that PostgreSQL takes. Set a shorter one in the annotation crossplane.io/external-name");
    }

    private async Task<ResourceKey> MadeAsync(string kind, string plural, string name, string forProvider)
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest(kind, name, forProvider));
        var key = SqlPlatform.Key(plural, name);
        await sql.Host.HasAsync(key, "Ready");
        return key;
    }

    private static string Given(string password) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: { name: given, namespace: default }
        stringData: { word: {{password}} }
        """;
}
