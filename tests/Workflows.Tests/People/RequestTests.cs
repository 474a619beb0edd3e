using Flagstone.Workflows.People;
using Google.Protobuf;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.Tests.People;

/// <summary>What workflows may ask people.</summary>
public sealed class RequestTests
{
    [Fact]
    public void A_request_is_read_with_its_defaults()
    {
        var request = Read("""{ "title": " Deploy it? ", "assignees": ["team:payments", "user:ada@example.com", "role:approver", "team:default/payments"] }""");

        Assert.Equal("Deploy it?", request.Title);
        Assert.Equal(["team:default/payments", "user:ada@example.com", "role:approver"], request.Assignees);
        Assert.Equal(["approve", "reject"], request.Decisions);
        Assert.Equal((false, "", 0, 0), (request.StarterMayDecide, request.Description, request.NotBy.Count, request.Context.Count));
        Assert.Equal((null, null), (request.RemindAfter, request.EscalateAfter));
    }

    [Fact]
    public void All_members_are_read()
    {
        var request = Read("""
            {
              "title": "Refund", "description": "Two\nlines", "decisions": ["pay", "do not pay"], "starterMayDecide": true, "notBy": ["user:mallory"],
              "assignees": ["user:ada"], "remindAfter": "4h", "escalateAfter": "24h30m", "escalateTo": ["role:administrator"],
              "context": { "amount": 12.50, "vip": true, "order": "o-1", "page": "https://shop.example.com/o-1",
                "log": { "url": "https://log.example.com", "text": "Log" } }
            }
            """);

        Assert.Equal(["pay", "do not pay"], request.Decisions);
        Assert.Equal(["mallory"], request.NotBy);
        Assert.Equal((TimeSpan.FromHours(4), TimeSpan.FromMinutes(1_470)), (request.RemindAfter, request.EscalateAfter));
        Assert.Equal(
            [
                new("amount", "12.50", null), new("vip", "true", null), new("order", "o-1", null),
                new("page", "https://shop.example.com/o-1", "https://shop.example.com/o-1"),
                new ContextItem("log", "Log", "https://log.example.com"),
            ],
            request.Context);
    }

    [Theory]
    [InlineData("[]", "the input is no object. Give the activity one object, with at least title and assignees.")]
    [InlineData("{", "the input is no JSON")]
    [InlineData("""{ "assignees": ["user:a"] }""", "title is not set. Say in a few words what is to be decided.")]
    [InlineData("""{ "title": "a\nb", "assignees": ["user:a"] }""", "title has more than one line. Put the rest into description.")]
    [InlineData("""{ "title": 5, "assignees": ["user:a"] }""", "title is no text. Set a string.")]
    [InlineData("""{ "title": "t" }""", "assignees is empty. Name at least one, as 'user:NAME', 'team:NAME' or 'role:ROLE'.")]
    [InlineData("""{ "title": "t", "assignees": "user:a" }""", "assignees is no list. Set a list of strings.")]
    [InlineData("""{ "title": "t", "assignees": ["ada"] }""", "assignees has 'ada', which names nobody. Use 'user:NAME', 'team:NAME'")]
    [InlineData("""{ "title": "t", "assignees": ["role:boss"] }""", "assignees has 'role:boss', which names nobody.")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "notby": ["user:b"] }""", "'notby' is not known. Use: title, description,")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "notBy": ["team:b"] }""", "notBy has 'team:default/b'. Name people, as 'user:NAME'.")]
    [InlineData("""{ "title": "t", "title": "u", "assignees": ["user:a"] }""", "title is set twice. Set it once.")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "decisions": ["a", "a"] }""", "decisions has 2 entries. Use at most 10, each once.")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "decisions": [" a"] }""", "decisions has ' a'. Use words of 1 to 50 characters")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "starterMayDecide": "yes" }""", "starterMayDecide is neither true nor false.")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "remindAfter": "P1D" }""", "remindAfter is 'P1D', which is no duration. Write it in hours")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "escalateAfter": "1h" }""", "escalateTo is not set. Set escalateAfter and escalateTo together")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "escalateTo": ["user:b"] }""", "escalateAfter is not set.")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "context": { "x": [1] } }""", "context.x is neither a text, a number, true, false nor a link.")]
    [InlineData("""{ "title": "t", "assignees": ["user:a"], "context": { "x": { "url": "javascript:alert(1)" } } }""", "context.x.url is no address.")]
    public void What_cannot_be_asked_says_which_member_and_what_to_do(string json, string why) =>
        Assert.StartsWith(
            $"The request to people on task queue 'flagstone-people' cannot be taken: {why}", HumanRequestReader.Refuse(Json(json)), StringComparison.Ordinal);

    [Fact]
    public void What_people_could_not_read_is_no_request()
    {
        Assert.Contains("is not set", HumanRequestReader.Refuse(null), StringComparison.Ordinal);
        var coded = Json("""{ "title": "t", "assignees": ["user:a"] }""");
        coded.Payloads_[0].Metadata["encoding"] = ByteString.CopyFromUtf8("binary/encrypted");
        Assert.Contains("is not JSON", HumanRequestReader.Refuse(coded), StringComparison.Ordinal);
        var large = Json($$"""{ "title": "t", "assignees": ["user:a"], "description": "{{new string('x', HumanRequestReader.MaxBytes)}}" }""");
        Assert.Contains("and link to what is larger", HumanRequestReader.Refuse(large), StringComparison.Ordinal);
    }

    internal static Payloads Json(string json) => new()
    {
        Payloads_ = { new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = ByteString.CopyFromUtf8(json) } },
    };

    private static HumanRequest Read(string json) => HumanRequestReader.Read(Json(json));
}
