using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Providers.Sql;
using Npgsql;

namespace Flagstone.Provisioning.Tests.Sql;

/// <summary>On any PostgreSQL that a ProviderConfig names, by the credentials of a connection secret: here those of an administrator who is no superuser.</summary>
[Collection<SqlTests>]
public sealed class SqlServerTests(SqlPlatform sql)
{
    private const string Elsewhere = ", providerConfigRef: { name: NAME }";

    private static readonly Dictionary<string, string> Complete = new() { ["endpoint"] = "db.example.com", ["port"] = "6432", ["username"] = "admin", ["password"] = "sesame" };

    [Fact]
    public async Task Everything_is_made_on_the_server_that_a_ProviderConfig_names_and_goes_from_it()
    {
        await ConfigureAsync("tenant", "tenant_admin", "sesame");
        var more = Elsewhere.Replace("NAME", "tenant", StringComparison.Ordinal);
        await sql.Host.ApplyAsync(
            SqlPlatform.Manifest("Role", "tenant-owner", "privileges: { login: true }", more)
            + SqlPlatform.Manifest("Database", "tenant-data", "owner: tenant-owner", more)
            + SqlPlatform.Manifest("Grant", "tenant-grant", "role: tenant-owner, database: tenant-data, revokePublicOnDb: true", more)
            + SqlPlatform.Manifest("Extension", "tenant-hstore", "extension: hstore, databaseRef: { name: tenant-data }", more));
        ResourceKey[] keys = [SqlPlatform.Key("extensions", "tenant-hstore"), SqlPlatform.Key("grants", "tenant-grant"), SqlPlatform.Key("databases", "tenant-data"), SqlPlatform.Key("roles", "tenant-owner")];
        foreach (var key in keys)
        {
            Assert.True((await sql.Host.HasAsync(key, "Ready")).IsTrue("Synced"));
        }

        var secret = await sql.SecretAsync("tenant-owner");
        Assert.Equal((sql.Other.Host, $"{sql.Other.Port}"), (secret["endpoint"], secret["port"]));
        Assert.Equal("k=>v", (await SqlPlatform.LogInAsync(sql.Other, secret["username"], secret["password"], "SELECT 'k=>v'::hstore::text", "tenant-data"))?.Replace("\"", "", StringComparison.Ordinal));
        Assert.Equal("0", await SqlPlatform.AskAsync(sql.Own, "SELECT count(*) FROM pg_roles WHERE rolname = 'tenant-owner'"));

        foreach (var key in keys)
        {
            await sql.Host.DeleteAsync(key);
            await sql.Host.IsGoneAsync(key);
        }

        Assert.Equal("0", await SqlPlatform.AskAsync(sql.Other, "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = 'tenant-owner') + (SELECT count(*) FROM pg_database WHERE datname = 'tenant-data')"));
    }

    [Fact]
    public async Task What_is_made_stays_on_its_server_when_a_ProviderConfig_default_comes_and_goes_and_one_in_use_stays()
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Role", "settled", "privileges: { login: true }"));
        var settled = SqlPlatform.Key("roles", "settled");
        await sql.Host.HasAsync(settled, "Ready");

        await ConfigureAsync("default", "default_admin", "sesame");
        await sql.SettleAsync(settled);
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Role", "newcomer", "privileges: { login: true }"));
        var newcomer = SqlPlatform.Key("roles", "newcomer");
        await sql.Host.HasAsync(newcomer, "Ready");

        Assert.Equal("1", await SqlPlatform.AskAsync(sql.Own, "SELECT count(*) FROM pg_roles WHERE rolname = 'settled'"));
        Assert.Equal("newcomer", await SqlPlatform.AskAsync(sql.Other, "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolname IN ('settled', 'newcomer')"));
        Assert.Equal($"{sql.Own.Port}", (await sql.SecretAsync("settled"))["port"]);

        var config = new ResourceKey(new KindId("providerconfigs", "postgresql.sql.crossplane.io"), "", "default");
        Assert.Equal("provider-config: 1 resources are made by it: Role 'newcomer'. Delete them first, or let them name another.", await sql.Host.RefusalOfDeletionAsync(config));

        await sql.Host.DeleteAsync(newcomer);
        await sql.Host.IsGoneAsync(newcomer);
        await sql.Host.DeleteAsync(config);
        await sql.SettleAsync(settled);
        Assert.Equal("1", await SqlPlatform.AskAsync(sql.Own, "SELECT count(*) FROM pg_roles WHERE rolname = 'settled'"));
        await sql.Host.DeleteAsync(settled);
        await sql.Host.IsGoneAsync(settled);
    }

    [Fact]
    public async Task A_ProviderConfig_that_means_another_server_by_now_makes_nothing_there()
    {
        await ConfigureAsync("moving", "moving_admin", "sesame");
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Role", "moved", "privileges: { login: true }", Elsewhere.Replace("NAME", "moving", StringComparison.Ordinal)));
        var key = SqlPlatform.Key("roles", "moved");
        await sql.Host.HasAsync(key, "Ready");
        var place = (await sql.Host.FindAsync(key))!.Annotation("flagstone.dev/place");
        Assert.Equal($"moving at {sql.Other.Host}:{sql.Other.Port}", place);

        // As if the secret named another server by now.
        await sql.Host.MutateAsync(key, d => d.Annotate("flagstone.dev/place", "moving at elsewhere:5432"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => sql.Host.ReconcileAsync("managed", key));

        Assert.StartsWith(
            $"observe failed: It was made at moving at elsewhere:5432, and now 'moving' is at {sql.Other.Host}:{sql.Other.Port}: it stays where it is",
            (await sql.Host.FindAsync(key))!.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        await sql.Host.MutateAsync(key, d => d.Annotate("flagstone.dev/place", place));
        await sql.Host.DeleteAsync(key);
        await sql.Host.IsGoneAsync(key);
    }

    [Fact]
    public async Task A_changed_password_is_found_by_a_login_where_verifiers_may_not_be_read()
    {
        await ConfigureAsync("blind", "blind_admin", "sesame");
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Role", "blind-role", "privileges: { login: true }", Elsewhere.Replace("NAME", "blind", StringComparison.Ordinal)));
        var key = SqlPlatform.Key("roles", "blind-role");
        await sql.Host.HasAsync(key, "Ready");
        var secret = await sql.SecretAsync("blind-role");
        await SqlPlatform.RunAsync(sql.Other, "ALTER ROLE \"blind-role\" PASSWORD 'stolen' CREATEDB");

        await sql.SettleAsync(key);

        Assert.Equal("in", await SqlPlatform.LogInAsync(sql.Other, secret["username"], secret["password"]));
        Assert.Equal(
            ["forProvider.privileges.createDb: false was true", "forProvider.password: \"(in the connection secret)\" was \"(hidden)\""], await sql.DriftAsync(key));
    }

    [Fact]
    public async Task New_credentials_of_the_administrator_are_taken_up()
    {
        await ConfigureAsync("renewed", "renewed_admin", "old");
        var more = Elsewhere.Replace("NAME", "renewed", StringComparison.Ordinal);
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", "renewed-one", "", more));
        await sql.Host.HasAsync(SqlPlatform.Key("databases", "renewed-one"), "Ready");

        await ConfigureAsync("renewed", "renewed_admin", "new");
        await SqlPlatform.RunAsync(sql.Other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'renewed_admin'");
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", "renewed-two", "", more));

        await sql.Host.HasAsync(SqlPlatform.Key("databases", "renewed-two"), "Ready");
    }

    [Fact]
    public async Task A_ProviderConfig_and_a_secret_that_are_not_there_are_named_and_waited_for()
    {
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", "lost", "", Elsewhere.Replace("NAME", "absent", StringComparison.Ordinal)));
        var key = SqlPlatform.Key("databases", "lost");
        Assert.Equal(
            "observe failed: There is no ProviderConfig 'absent' of postgresql.sql.crossplane.io. Apply it, or take spec.providerConfigRef away for the platform's own server",
            await sql.SaysAsync(key, "absent"));

        await sql.Host.ApplyAsync(Config("absent"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => sql.Host.ReconcileAsync("managed", key));
        Assert.Equal(
            "observe failed: ProviderConfig 'absent' of postgresql.sql.crossplane.io: its secret default/absent-admin is not there, or is empty. Make it with the keys endpoint, port, username, password",
            await sql.SaysAsync(key, "absent-admin"));

        await ConfigureAsync("absent", "late_admin", "sesame");
        await sql.Host.ReconcileAsync("managed", key);
        await sql.Host.HasAsync(key, "Ready");
    }

    [Fact]
    public async Task A_server_that_refuses_us_is_named_with_the_way_out()
    {
        await ConfigureAsync("strict", "strict_admin", "sesame", "sslMode: require");
        await sql.Host.ApplyAsync(SqlPlatform.Manifest("Database", "strict-data", "", Elsewhere.Replace("NAME", "strict", StringComparison.Ordinal)));

        var why = await sql.SaysAsync(SqlPlatform.Key("databases", "strict-data"), "SSL");

        Assert.Contains($"The PostgreSQL server 127.0.0.1:{sql.Other.Port} of the provider 'sql' does not let us in", why, StringComparison.Ordinal);
        Assert.EndsWith("Start it, or correct the ProviderConfig 'strict' or its secret.", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ProviderConfig_named_default_takes_the_place_of_the_platforms_own_server()
    {
        await using var alone = new SqlPlatform();
        await alone.InitializeAsync();
        await ConfigureAsync(alone, "default", "default_admin", "sesame");
        await alone.Host.ApplyAsync(SqlPlatform.Manifest("Database", "elsewhere", ""));

        await alone.Host.HasAsync(SqlPlatform.Key("databases", "elsewhere"), "Ready");

        Assert.Equal("1", await SqlPlatform.AskAsync(alone.Other, "SELECT count(*) FROM pg_database WHERE datname = 'elsewhere'"));
        Assert.False(Directory.Exists(Path.Combine(alone.Host.Data, "postgres")), "the private server is not even started");
    }

    [Theory]
    [InlineData("password", "", "its secret flagstone-system/admin has no key 'password'. It needs endpoint, port, username, password")]
    [InlineData("port", "0", "the key 'port' of secret flagstone-system/admin is no port. Use a number from 1 to 65535")]
    [InlineData("port", "5432;", "the key 'port' of secret flagstone-system/admin is no port. Use a number from 1 to 65535")]
    [InlineData("endpoint", "a.example.com,b.example.com", "the key 'endpoint' of secret flagstone-system/admin is no host name and no address. The port has a key of its own")]
    [InlineData("endpoint", "/var/run/postgresql", "the key 'endpoint' of secret flagstone-system/admin is no host name and no address. The port has a key of its own")]
    [InlineData("endpoint", "db.example.com:5432", "the key 'endpoint' of secret flagstone-system/admin is no host name and no address. The port has a key of its own")]
    public void A_connection_secret_that_names_no_one_server_is_refused(string key, string value, string says) =>
        Assert.Equal((null, says), SqlLogin.Read(Spec(), new Dictionary<string, string>(Complete) { [key] = value }));

    [Theory]
    [InlineData("db.example.com", "", SslMode.Require)]
    [InlineData("10.0.0.7", "", SslMode.Require)]
    [InlineData("127.0.0.1", "", SslMode.Prefer)]
    [InlineData("::1", "", SslMode.Prefer)]
    [InlineData("localhost", "", SslMode.Prefer)]
    [InlineData("localhost", "verify-full", SslMode.VerifyFull)]
    [InlineData("db.example.com", "disable", SslMode.Disable)]
    public void What_leaves_the_machine_is_encrypted_unless_said_otherwise(string endpoint, string mode, SslMode expected) =>
        Assert.Equal(expected, SqlLogin.Read(Spec(mode), new Dictionary<string, string>(Complete) { ["endpoint"] = endpoint }).Login?.SslMode);

    [Fact]
    public void A_login_is_written_without_its_password() => Assert.Equal("admin@db.example.com:6432/postgres", SqlLogin.Read(Spec(), Complete).Login?.ToString());

    private Task ConfigureAsync(string name, string username, string password, string more = "") => ConfigureAsync(sql, name, username, password, more);

    private static async Task ConfigureAsync(SqlPlatform sql, string name, string username, string password, string more = "")
    {
        await SqlPlatform.RunAsync(sql.Other, $"""
            DO $$ BEGIN CREATE ROLE {username} LOGIN CREATEDB CREATEROLE; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            ALTER ROLE {username} PASSWORD '{password}'
            """);
        await sql.Host.ApplyAsync($$"""
            apiVersion: v1
            kind: Secret
            metadata: { name: {{name}}-admin, namespace: default }
            stringData: { endpoint: 127.0.0.1, port: "{{sql.Other.Port}}", username: {{username}}, password: {{password}} }
            ---
            {{Config(name, more)}}
            """);
    }

    private static string Config(string name, string more = "") => $$"""
        apiVersion: {{SqlPlatform.Group}}/v1alpha1
        kind: ProviderConfig
        metadata: { name: {{name}} }
        spec: { credentials: { source: PostgreSQLConnectionSecret, connectionSecretRef: { namespace: default, name: {{name}}-admin } }, {{more}} }
        """;

    private static System.Text.Json.Nodes.JsonNode Spec(string mode = "") => System.Text.Json.Nodes.JsonNode.Parse(
        $$"""{ "credentials": { "connectionSecretRef": { "namespace": "flagstone-system", "name": "admin" } }, "sslMode": "{{mode}}" }""")!;
}
