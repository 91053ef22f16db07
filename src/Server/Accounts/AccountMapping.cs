using Charging.Miniprogram.V1;
using Charging.Server.Calls;

namespace Charging.Server.Accounts;

/// <summary>Reads the requests of the accounts: 403 for what is malformed.</summary>
internal static class AccountMapping
{
    private const int MaxCode = 6;
    private const int MaxCodeType = 64;

    public static Result<CodeRequest> ToCodeRequest(this SendValidateCodeRequest request)
    {
        if (!Phone.TryParse(request.Body?.Phone, out var phone) || !Text.IsClean(request.Body!.CodeType, MaxCodeType))
            return ResultCode.InvalidArgument;
        return request.Body.CodeType switch
        {
            "register" => new CodeRequest(phone, CodeType.Register),
            "login" => new CodeRequest(phone, CodeType.Login),
            _ => ResultCode.UnknownCodeType,
        };
    }

    public static Result<(Credentials Credentials, string WxName)> ToRegistration(this RegisterRequest request) =>
        WxName.TryParse(request.Body?.Wxname, out var name)
            ? ToCredentials(request.Body!.Phone, request.Body.Code).Then<(Credentials, string)>(c => (c, name))
            : ResultCode.InvalidArgument;

    public static Result<Credentials> ToCredentials(this LoginRequest request) => ToCredentials(request.Body?.Phone, request.Body?.Code);

    private static Result<Credentials> ToCredentials(string? phone, string? code) =>
        Phone.TryParse(phone, out var parsed) && Text.IsClean(code, MaxCode)
            ? new Credentials(parsed, code!)
            : ResultCode.InvalidArgument;
}
