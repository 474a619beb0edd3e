using System.Text.Json.Nodes;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Aws.CloudControl;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>What each documented error leads to.</summary>
public sealed class CloudControlErrorTests(AwsPlatform aws) : IClassFixture<AwsPlatform>
{
    private static readonly JsonObject Role = new() { ["assumeRolePolicy"] = """{"Version":"2012-10-17","Statement":[]}""" };

    [Theory]
    [InlineData("AlreadyExistsException", "again")]
    [InlineData("ConcurrentModificationException", "again")]
    [InlineData("ConcurrentOperationException", "again")]
    [InlineData("GeneralServiceException", "terminal")]
    [InlineData("HandlerFailureException", "unknown")]
    [InlineData("HandlerInternalFailureException", "unknown")]
    [InlineData("InvalidCredentialsException", "terminal")]
    [InlineData("InvalidRequestException", "terminal")]
    [InlineData("NetworkFailureException", "unknown")]
    [InlineData("NotStabilizedException", "unknown")]
    [InlineData("NotUpdatableException", "terminal")]
    [InlineData("PrivateTypeException", "terminal")]
    [InlineData("RequestTokenNotFoundException", "terminal")]
    [InlineData("ResourceConflictException", "again")]
    [InlineData("ResourceNotFoundException", "terminal")]
    [InlineData("ServiceInternalErrorException", "unknown")]
    [InlineData("ServiceLimitExceededException", "terminal")]
    [InlineData("ThrottlingException", "again")]
    [InlineData("TypeNotFoundException", "terminal")]
    [InlineData("UnsupportedActionException", "terminal")]
    [InlineData("ClientTokenConflictException", "another token")]
    [InlineData("AccessDeniedException", "terminal")]
    [InlineData("ExpiredTokenException", "again")]
    [InlineData("IncompleteSignature", "terminal")]
    [InlineData("InvalidSignatureException", "terminal")]
    [InlineData("MissingAuthenticationTokenException", "terminal")]
    [InlineData("RequestExpired", "again")]
    [InlineData("UnrecognizedClientException", "terminal")]
    [InlineData("ValidationException", "terminal")]
    [InlineData("SomethingNewException", "unknown")]
    public async Task A_creation_that_is_refused(string exception, string expected)
    {
        aws.CloudControl.Refuse("CreateResource", exception);
        var outcome = await aws.Driver("iam/Role").CreateAsync(AwsPlatform.Resource("iam/Role", $"refused-{exception}", Copy(Role)), CancellationToken.None);

        Assert.Equal(expected, Told(outcome));
    }

    [Theory]
    [InlineData("AccessDenied", "terminal, another token")]
    [InlineData("AlreadyExists", "another token")]
    [InlineData("GeneralServiceException", "terminal, another token")]
    [InlineData("InternalFailure", "terminal, another token")]
    [InlineData("InvalidCredentials", "terminal, another token")]
    [InlineData("InvalidRequest", "terminal, another token")]
    [InlineData("NetworkFailure", "another token")]
    [InlineData("NotFound", "terminal, another token")]
    [InlineData("NotStabilized", "terminal, another token")]
    [InlineData("NotUpdatable", "terminal, another token")]
    [InlineData("ResourceConflict", "another token")]
    [InlineData("ServiceInternalError", "another token")]
    [InlineData("ServiceLimitExceeded", "terminal, another token")]
    [InlineData("ServiceTimeout", "another token")]
    [InlineData("Throttling", "another token")]
    [InlineData("HandlerInternalFailure", "terminal, another token")]
    [InlineData("InvalidTypeConfiguration", "terminal, another token")]
    [InlineData("NonCompliant", "terminal, another token")]
    [InlineData("UnsupportedTarget", "terminal, another token")]
    [InlineData("SomethingNew", "another token")]
    public async Task A_creation_that_ends_with_a_code(string code, string expected)
    {
        aws.CloudControl.End(code);
        var resource = AwsPlatform.Resource("iam/Role", $"ended-{code}", Copy(Role));
        var outcome = await aws.Driver("iam/Role").CreateAsync(resource, CancellationToken.None);

        Assert.Equal(expected, Told(outcome));
        Assert.StartsWith(code, Assert.IsType<Failed>(outcome).Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(resource.ExternalName, aws.CloudControl.Identifiers("AWS::IAM::Role"));
    }

    [Fact]
    public void Each_error_that_is_known_has_a_case()
    {
        Assert.Empty(CloudControlErrors.KnownExceptions.Except(Cases(nameof(A_creation_that_is_refused))));
        Assert.Empty(CloudControlErrors.KnownCodes.Except(Cases(nameof(A_creation_that_ends_with_a_code))));
    }

    [Theory]
    [InlineData("NotFound", typeof(Done))]
    [InlineData("Throttling", typeof(Failed))]
    [InlineData("InvalidRequest", typeof(Failed))]
    public async Task A_deletion_that_ends_with_a_code(string code, Type expected)
    {
        var resource = AwsPlatform.Resource("iam/Role", $"deleted-{code}", Copy(Role));
        aws.CloudControl.Put("AWS::IAM::Role", resource.ExternalName, []);
        aws.CloudControl.End(code);

        Assert.IsType(expected, await aws.Driver("iam/Role").DeleteAsync(resource, CancellationToken.None));
    }

    [Fact]
    public async Task What_is_missing_is_deleted()
    {
        Assert.IsType<Done>(await aws.Driver("iam/Role").DeleteAsync(AwsPlatform.Resource("iam/Role", "never-there", Copy(Role)), CancellationToken.None));
    }

    [Fact]
    public async Task A_request_that_is_forgotten_says_so_and_one_that_cannot_be_looked_at_is_kept()
    {
        var (driver, resource) = (aws.Driver("iam/Role"), AwsPlatform.Resource("iam/Role", "looked-at", Copy(Role)));
        var operation = new Operation(OperationVerb.Create, "no-such-request");
        Assert.IsType<Forgotten>(await driver.PollAsync(resource, operation, CancellationToken.None));

        foreach (var exception in (string[])["ThrottlingException", "ServiceInternalErrorException", "AccessDeniedException"])
        {
            aws.CloudControl.Refuse("GetResourceRequestStatus", exception);
            Assert.IsType<Unknown>(await driver.PollAsync(resource, operation, CancellationToken.None));
        }
    }

    private static IEnumerable<string> Cases(string theory) => typeof(CloudControlErrorTests).GetMethod(theory)!
        .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>().Select(d => (string)d.Data[0]!);

    private static string Told(DriverOutcome outcome) => outcome switch
    {
        Failed { Terminal: true, TokenSpent: true } => "terminal, another token",
        Failed { Terminal: true } => "terminal",
        Failed { TokenSpent: true } => "another token",
        Failed => "again",
        Unknown => "unknown",
        _ => outcome.ToString(),
    };

    private static JsonObject Copy(JsonObject o) => o.DeepClone().AsObject();
}
