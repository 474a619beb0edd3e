using Temporalio.Exceptions;
using Temporalio.Testing;

namespace Service.Tests;

public sealed class ActivitiesTests
{
    [Fact]
    public async Task A_greeting_has_the_name() =>
        Assert.Equal("Hello, Ada!", await new ActivityEnvironment().RunAsync(() => Activities.ComposeGreeting("Ada")));

    [Fact]
    public async Task A_name_that_no_later_attempt_can_mend_is_not_tried_again()
    {
        var name = new string('x', Activities.MaxName + 1);
        var failure = await Assert.ThrowsAsync<ApplicationFailureException>(() => new ActivityEnvironment().RunAsync(() => Activities.ComposeGreeting(name)));
        Assert.Equal(("InvalidName", true), (failure.ErrorType, failure.NonRetryable));
    }
}
